import { agentgateway } from "./agentgateway.ts"
import { bifrost } from "./bifrost.ts"
import { busbar } from "./busbar.ts"
import { crabllm } from "./crabllm.ts"
import { goLlmRouter } from "./go-llm-router.ts"
import { gomodel } from "./gomodel.ts"
import { litellm } from "./litellm.ts"
import { llmRouter } from "./llm-router.ts"
import { llmio } from "./llmio.ts"
import { llmproxy } from "./llmproxy.ts"
import { llmux } from "./llmux.ts"
import { oneApi } from "./one-api.ts"
import type { Peer } from "./peer.ts"
import { portkey } from "./portkey.ts"
import { smg } from "./smg.ts"
import { tensorzero } from "./tensorzero.ts"

/** The other gateways, in the order of the table. One file each. */
export const peers: readonly Peer[] = [
  portkey,
  litellm,
  smg,
  crabllm,
  bifrost,
  gomodel,
  llmux,
  goLlmRouter,
  llmRouter,
  llmio,
  llmproxy,
  oneApi,
  busbar,
  agentgateway,
  tensorzero,
]

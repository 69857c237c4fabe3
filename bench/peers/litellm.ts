import { join } from "node:path"
import { MODEL } from "../payload.ts"
import { freePort } from "../process.ts"
import { fromPypi } from "./install.ts"
import { chatRoute, countCores, KEY, launch, messagesRoute, models, optionsOf } from "./launch.ts"
import type { Peer } from "./peer.ts"

/** LiteLLM's proxy as its manual has it in production: a worker a core, no access log, no database. */
export const litellm: Peer = {
  name: "litellm",
  language: "Python",
  needs: ["python3"],
  // The newest whose dependencies were all to be had on 2026-11-21.
  ...fromPypi("litellm", "1.102.0", "[proxy]"),
  async start(place) {
    const port = await freePort()
    const config = join(place.folder, "litellm.json")
    await Bun.write(
      config,
      JSON.stringify({
        model_list: models.map((name) => ({
          model_name: name,
          litellm_params: {
            model: `openai/${name}`,
            api_base: `http://127.0.0.1:${place.upstreamPort}/v1`,
            api_key: KEY,
            // A model that it does not know loses it otherwise.
            allowed_openai_params: ["user"],
          },
        })),
        litellm_settings: {
          telemetry: false,
          use_chat_completions_url_for_anthropic_messages: true,
        },
      }),
    )
    const logging = join(place.folder, "logging.json")
    await Bun.write(
      logging,
      JSON.stringify({
        version: 1,
        disable_existing_loggers: false,
        loggers: { "uvicorn.access": { level: "ERROR" } },
      }),
    )
    const options = {
      config,
      host: "127.0.0.1",
      port,
      num_workers: countCores(place.cores),
      log_config: logging,
      telemetry: "False",
    }
    return launch(place, {
      name: "litellm",
      port,
      command: [join(place.cache, "bin/litellm"), ...optionsOf(options)],
      env: {
        LITELLM_MODE: "PRODUCTION",
        LITELLM_LOG: "ERROR",
        // Otherwise it asks the internet for prices before it starts.
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
      },
      chat: chatRoute(MODEL),
      messages: messagesRoute(MODEL),
    })
  },
}

import type { ProviderDefinition } from "../../core/provider.ts"
import type { CredentialContext } from "../credentials/token-request.ts"
import { defineProvider } from "../define.ts"
import { capabilitiesOf, familyOf, spokenBy } from "./models.ts"

export const bedrock = createBedrock()

/** Amazon Bedrock. @param context what its credentials need of the world */
export function createBedrock(context?: CredentialContext): ProviderDefinition {
  return defineProvider({
    type: "bedrock",
    description: "Amazon Bedrock: Claude, Nova, Llama, Mistral and others",
    speaks: {
      chat: ["bedrock-converse", "anthropic-messages"],
      "count-tokens": ["bedrock-converse"],
      embeddings: ["bedrock-converse"],
    },
    speaksFor: spokenBy,
    capabilities: capabilitiesOf,
    family: familyOf,
    keyless: true,
    env: ["AWS_BEARER_TOKEN_BEDROCK"],
    vendor: "aws",
    options: {
      region: "AWS region; without it, `AWS_REGION` or `AWS_DEFAULT_REGION`, else `us-east-1`.",
      betas: "Names of further Anthropic betas that callers may use, separated by commas.",
    },
    needs: [],
    open(settings) {
      // Most configs have no such account: what is behind it is loaded for those that have.
      const { openBedrock } = require("./account.ts") as typeof import("./account.ts")
      return openBedrock(settings, context)
    },
  })
}

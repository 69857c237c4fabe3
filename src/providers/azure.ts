import type { HeaderRecord, ProviderAccount } from "../core/provider.ts"
import type { ProviderSettings } from "../core/settings.ts"
import { ENTRA_OPTIONS, usesEntra } from "./credentials/entra-options.ts"
import { defineProvider, OPENAI_OPERATIONS } from "./define.ts"
import { openaiCapabilities, openaiSpeaks } from "./models/openai.ts"

/**
 * Azure OpenAI. Without `apiVersion` the v1 API is called, where the model is in the body; with one
 * (`2024-10-21`) the older URLs are, where the model is the deployment's name in the path, but for
 * Responses, which have it in the body there, too.
 * https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
 */
export const azure = defineProvider({
  type: "azure",
  description: "Azure OpenAI; needs `resource` or `baseUrl`",
  speaks: { ...OPENAI_OPERATIONS, chat: ["openai-chat", "openai-responses"] },
  speaksFor: (model, operation) => (operation === "chat" ? openaiSpeaks(model) : undefined),
  // Encrypted reasoning belongs to the resource, so the family is the provider itself.
  capabilities: openaiCapabilities,
  keyless: false,
  keylessWith: ["identity"],
  env: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
  vendor: "azure",
  options: {
    resource: "Name of the Azure resource: `https://<resource>.openai.azure.com`.",
    apiVersion: "A dated API version such as `2024-10-21`; none is the v1 API.",
    ...ENTRA_OPTIONS,
  },
  needs: [["resource", "baseUrl"]],
  open(settings) {
    const { resource, apiVersion } = settings.options
    const root =
      settings.baseUrl?.replace(/\/openai(\/v1)?$/, "") ?? `https://${resource}.openai.azure.com`
    const entra = usesEntra(settings.options)
    return {
      url({ path, model, protocol }) {
        if (!apiVersion) return `${root}/openai/v1${path}`
        const inBody = protocol === "openai-responses"
        const place = inBody ? "" : `/deployments/${encodeURIComponent(model)}`
        return `${root}/openai${place}${path}?api-version=${encodeURIComponent(apiVersion)}`
      },
      authorize: (key): HeaderRecord => (key && !entra ? { "api-key": key.reveal() } : {}),
      ...(entra && signWithEntra(settings)),
      probeUrl: apiVersion
        ? `${root}/openai/models?api-version=${encodeURIComponent(apiVersion)}`
        : `${root}/openai/v1/models`,
    }
  },
})

/** Loaded for those that have no API keys. */
function signWithEntra(settings: ProviderSettings): Pick<ProviderAccount, "sign" | "forget"> {
  const { entraSign } = require("./credentials/entra.ts") as typeof import("./credentials/entra.ts")
  return entraSign(settings)
}

import type { HeaderRecord } from "../core/provider.ts"
import { defineProvider, OPENAI_OPERATIONS } from "./define.ts"

/**
 * Azure OpenAI. Without `apiVersion` the v1 API is called, where the model is in the body; with one
 * (`2024-10-21`) the older URLs are, where the model is the deployment's name in the path.
 * https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
 */
export const azure = defineProvider({
  type: "azure",
  description: "Azure OpenAI; needs `resource` or `baseUrl`",
  speaks: OPENAI_OPERATIONS,
  keyless: false,
  env: ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
  vendor: "azure",
  options: {
    resource: "Name of the Azure resource: `https://<resource>.openai.azure.com`.",
    apiVersion: "A dated API version such as `2024-10-21`; none is the v1 API.",
  },
  needs: [["resource", "baseUrl"]],
  open(settings) {
    const { resource, apiVersion } = settings.options
    const root =
      settings.baseUrl?.replace(/\/openai(\/v1)?$/, "") ?? `https://${resource}.openai.azure.com`
    return {
      url: ({ path, model }) =>
        apiVersion
          ? `${root}/openai/deployments/${encodeURIComponent(model)}${path}?api-version=${encodeURIComponent(apiVersion)}`
          : `${root}/openai/v1${path}`,
      authorize: (key): HeaderRecord => (key ? { "api-key": key.reveal() } : {}),
      probeUrl: apiVersion
        ? `${root}/openai/models?api-version=${encodeURIComponent(apiVersion)}`
        : `${root}/openai/v1/models`,
    }
  },
})

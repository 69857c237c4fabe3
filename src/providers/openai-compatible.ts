import type { ProviderDefinition } from "../core/provider.ts"
import { bearerAccount, defineProvider, OPENAI_OPERATIONS } from "./define.ts"
import type { Preset } from "./presets.ts"

/** Any server that speaks the OpenAI API below a base URL. */
export const openaiCompatible = defineProvider({
  type: "openai-compatible",
  description: "Any server that speaks the OpenAI API; needs `baseUrl`",
  speaks: OPENAI_OPERATIONS,
  keyless: true,
  env: [],
  open: (settings) => bearerAccount(settings, settings.baseUrl ?? ""),
})

/** A provider type from one row of the presets. */
export function fromPreset(type: string, preset: Preset): ProviderDefinition {
  return defineProvider({
    type,
    description: preset.name,
    speaks: OPENAI_OPERATIONS,
    baseUrl: preset.baseUrl,
    keyless: preset.env === undefined,
    env: preset.env ? [preset.env] : [],
    ...(preset.vendor && { vendor: preset.vendor }),
    ...(preset.starters && { starters: preset.starters }),
    open: (settings) => bearerAccount(settings, settings.baseUrl ?? preset.baseUrl),
  })
}

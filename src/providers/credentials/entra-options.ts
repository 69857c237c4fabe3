/** The options of a provider type whose accounts may be called with tokens of Microsoft Entra. */
export const ENTRA_OPTIONS = {
  tenantId:
    "Microsoft Entra tenant; with it, the keys are secrets of the client `clientId` and no API keys.",
  clientId: "Client id of the app registration, or of a user-assigned managed identity.",
  identity:
    "`managed` for the identity that Azure gives to this machine or app, `workload` for the one whose token is in AZURE_FEDERATED_TOKEN_FILE. No keys are needed then.",
  authority: "Host of Microsoft Entra, where it is not `https://login.microsoftonline.com`.",
  scope: "What tokens are for, where it is not `https://cognitiveservices.azure.com/.default`.",
} as const

/** Whether these options say that tokens of Microsoft Entra are used, and not API keys. */
export function usesEntra(options: Readonly<Record<string, string>>): boolean {
  return options["identity"] !== undefined || options["tenantId"] !== undefined
}

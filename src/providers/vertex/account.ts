import type { CallTarget, ProviderAccount } from "../../core/provider.ts"
import type { Secret } from "../../core/secret.ts"
import type { ProviderSettings } from "../../core/settings.ts"
import { type GoogleCredentials, googleCredentials } from "../credentials/google.ts"
import { systemContext } from "../credentials/system.ts"
import type { CredentialContext } from "../credentials/token-request.ts"
import { unwrapCount } from "./count.ts"
import { kindOf, UNKNOWN_PROJECT, vertexPath } from "./models.ts"

/** https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude */
const ANTHROPIC_VERSION = '"vertex-2023-10-16"'

/** An account at Vertex AI. @param context what its credentials need of the world */
export function openVertex(
  settings: ProviderSettings,
  context: CredentialContext = systemContext,
): ProviderAccount {
  const { project, location = "global", tokenUrl } = settings.options
  const root = `${settings.baseUrl ?? hostOf(location)}/v1`
  const place = `/projects/${encodeURIComponent(project ?? UNKNOWN_PROJECT)}/locations/${encodeURIComponent(location)}`
  const known = new Map<string, GoogleCredentials>()
  function credentials(key: Secret | undefined): GoogleCredentials {
    const id = key?.fingerprint ?? ""
    let found = known.get(id)
    if (!found) {
      found = googleCredentials(key, { context, tokenUrl, proxy: settings.proxy })
      known.set(id, found)
    }
    return found
  }
  return {
    url: (call) => root + place + vertexPath(call),
    authorize: () => ({}),
    async sign(request, key) {
      const own = credentials(key)
      const headers = await own.headers(request.signal)
      const url = project ? request.url : placed(request.url, place, await own.project())
      return unwrapCount({ ...request, url, headers: { ...request.headers, ...headers } })
    },
    forget: (key, began) => credentials(key).forget(began),
    patch: (call) => (kindOf(call.model) === "anthropic" ? anthropicPatch(call) : undefined),
  }
}

/** https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
function hostOf(location: string): string {
  if (location === "global") return "https://aiplatform.googleapis.com"
  if (location === "us" || location === "eu")
    return `https://aiplatform.${location}.rep.googleapis.com`
  return `https://${location}-aiplatform.googleapis.com`
}

/** The URL with the credentials' project in it; with none at all for an express key, which has no project. */
function placed(url: string, place: string, project: string | undefined): string {
  if (project === undefined) return url.replace(place, "")
  return url.replace(place, place.replace(UNKNOWN_PROJECT, encodeURIComponent(project)))
}

/** The model is in the URL; a count has one URL for all models, and so keeps it in the body. */
function anthropicPatch({ operation }: CallTarget) {
  return {
    set: new Map([["anthropic_version", ANTHROPIC_VERSION]]),
    remove: operation === "count-tokens" ? [] : ["model"],
  }
}

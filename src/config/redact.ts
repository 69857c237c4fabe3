import { Secret } from "../core/secret.ts"
import { SecretRef } from "./secret-ref.ts"

// Known key prefixes, or long runs without a hyphen that mix letters and digits (model names have hyphens).
const TOKEN =
  /\b(?:(?:sk|pk|rk|gsk|xai|nvapi|pplx|fw|ghp|gho|hf|r8)[-_]|AIza)[\w.-]{12,}|\b(?=\w*\d)(?=\w*[A-Za-z])\w{28,}\b/g
const CREDENTIALS = /(\/\/[^\s/:@"']*:)([^\s/@"']+)(@)/g
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi

/** Text with everything that looks like a secret masked; `known` values are masked wherever they occur. The length stays the same. */
export function redact(text: string, known: Iterable<string> = []): string {
  let clean = text
  for (const value of known) {
    // A short one only as a whole word, or half of the text would be gone.
    const pattern = value.length >= 8 ? literal(value) : `(?<![\\w-])${literal(value)}(?![\\w-])`
    if (value !== "") clean = clean.replaceAll(new RegExp(pattern, "g"), mask)
  }
  return clean
    .replace(CREDENTIALS, (_all, before: string, password: string, after: string) => {
      return before + mask(password) + after
    })
    .replace(BEARER, (all, scheme: string) => scheme + mask(all.slice(scheme.length)))
    .replace(TOKEN, (token) => mask(token))
}

/** A value of the config as a message may quote it: short, and without secrets. */
export function show(value: unknown): string {
  if (value instanceof SecretRef) return `${value.kind}(${JSON.stringify(value.name)})`
  if (value instanceof Secret) return "[secret]"
  if (typeof value === "string") {
    const clean = redact(value)
    return JSON.stringify(clean.length > 80 ? `${clean.slice(0, 77)}…` : clean)
  }
  if (value === null) return "null"
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list"
  if (typeof value === "function") return "a function"
  if (value instanceof RegExp) return "a regular expression"
  if (value instanceof Promise) return "a promise"
  if (typeof value === "object") return "an object"
  return String(value)
}

function mask(text: string): string {
  return text.replace(/\S/gu, "*")
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
}

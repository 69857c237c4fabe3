import { nodesOf, type SourceFile } from "./source.ts"

const KEBAB_FILE = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.(test|gen|d|config))*\.[a-z]+$/
const KEBAB_FOLDER = /^\.?[a-z0-9]+(-[a-z0-9]+)*$/
const VAGUE = new Set(["util", "utils", "helper", "helpers", "common", "manager", "managers"])

/** Files longer than a reader can keep in mind. */
export function tooLong(files: readonly SourceFile[], limit: number): string[] {
  return files
    .map(({ path, source }) => ({ path, lines: lineCount(source) }))
    .filter(({ lines }) => lines > limit)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${limit}`)
}

/** The length of the file in the middle; 0 for no files. */
export function medianLength(files: readonly SourceFile[]): number {
  const lengths = files.map(({ source }) => lineCount(source)).sort((a, b) => a - b)
  return lengths[Math.floor(lengths.length / 2)] ?? 0
}

function lineCount(source: string): number {
  return source.split("\n").length - (source.endsWith("\n") ? 1 : 0)
}

/** Names that are not kebab-case, or that say nothing. */
export function badNames(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path }) => {
    const parts = path.split("/")
    const name = parts.pop() ?? ""
    const kebab = KEBAB_FILE.test(name) && parts.every((part) => KEBAB_FOLDER.test(part))
    const vague = path.split(/[/.-]/).find((word) => VAGUE.has(word))
    return [
      ...(kebab ? [] : [`${path}: is not in kebab-case`]),
      ...(vague ? [`${path}: \`${vague}\` says nothing about what is inside`] : []),
    ]
  })
}

/** Places that name one of `names`: a whole string, a property, a key of an object. */
export function namesIn(files: readonly SourceFile[], names: ReadonlySet<string>): string[] {
  return files.flatMap((file) =>
    nodesOf(file).flatMap(({ type, role, fields, line, parent }) => {
      const literal = type === "StringLiteral" && role !== "source" ? fields["value"] : undefined
      const template = type === "TemplateElement" ? templateText(fields) : undefined
      const property = (role === "key" || role === "property") && !parent?.fields["computed"]
      const named = type === "Identifier" && property ? fields["name"] : undefined
      const found = [literal, template, named].find((value) => names.has(String(value)))
      return found === undefined ? [] : [`${file.path}:${line}: names \`${found}\``]
    }),
  )
}

function templateText({ value }: Record<string, unknown>): unknown {
  return typeof value === "object" && value !== null && "cooked" in value ? value.cooked : undefined
}

/** Uses of the console: everything that is said goes through the log or the CLI's output. */
export function consoleUses(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    nodesOf(file)
      .filter(({ type, role, fields }) => isConsole(type, role, fields))
      .map(({ line }) => `${file.path}:${line}: uses the console`),
  )
}

function isConsole(type: string, role: string, fields: Record<string, unknown>): boolean {
  return type === "Identifier" && role === "object" && fields["name"] === "console"
}

/** Uses of the type `any`. */
export function anyTypes(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    nodesOf(file)
      .filter(({ type }) => type === "TSAnyKeyword")
      .map(({ line }) => `${file.path}:${line}: uses \`any\``),
  )
}

// Its own text does not match: a backslash stands where the dot would be.
const REGISTRY_HOST =
  /registry\.[a-z0-9.-]+\.[a-z]{2,}|npmjs\.(?:org|com)|pypi\.org|pythonhosted\.org|(?:artifactory|verdaccio|nexus|jfrog|codeartifact)[a-z0-9-]*\.[a-z]/i

/** Lines that name the host of a package registry: a checkout installs from whichever one is configured. */
export function registryHosts(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, source }) =>
    source.split("\n").flatMap((text, index) => {
      const match = REGISTRY_HOST.exec(text)
      return match ? [`${path}:${index + 1}: names the registry \`${match[0]}\``] : []
    }),
  )
}

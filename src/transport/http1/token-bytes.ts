/**
 * By byte: what may stand in a header's name, in lower case; 0 for all else.
 * https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
 */
export const tokenBytes = new Uint8Array(256)

for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  tokenBytes[character.charCodeAt(0)] = character.charCodeAt(0)
  tokenBytes[character.toUpperCase().charCodeAt(0)] = character.charCodeAt(0)
}

import { describe, expect, test } from "bun:test"
import { join } from "node:path"

/** An address of documents, which a network of the test's own gives to its only machine. */
const ADDRESS = "192.0.2.7"

const inNetworkOfItsOwn = (...command: string[]) => [
  ...["unshare", "--map-root-user", "--net", "sh", "-c"],
  'ip link set lo up && ip address add "$0/32" dev lo && exec "$@"',
  ADDRESS,
  ...command,
]

function canHaveOne(): boolean {
  try {
    return Bun.spawnSync(inNetworkOfItsOwn("true")).success
  } catch {
    return false
  }
}

interface Heard {
  from: string
  request: string
  /** Statuses, in order. */
  statuses: number[]
}

describe.skipIf(!canHaveOne())(
  "a router that listens on every address, and has no admin key",
  () => {
    test("opens its admin API to this machine, and to no other, whatever came before on a connection", async () => {
      const program = join(import.meta.dir, "programs", "ask-from-outside.ts")
      const child = Bun.spawn(inNetworkOfItsOwn(process.execPath, program, ADDRESS), {
        stdout: "pipe",
        stderr: "inherit",
      })
      const heard = JSON.parse(await new Response(child.stdout).text()) as Heard[]
      expect(heard.length).toBeGreaterThan(10)
      for (const { from, request, statuses } of heard) {
        const admin = from === ADDRESS || /forwarded|origin|host/.test(request) ? 403 : 200
        expect({ from, request, statuses }).toEqual({
          from,
          request,
          statuses: [...(statuses.length > 1 ? [200] : []), admin],
        })
      }
    }, 30_000)
  },
)

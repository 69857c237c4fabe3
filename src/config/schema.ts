import * as t from "../core/typebox.ts"
import { MOST_WORKERS } from "../core/worker-count.ts"
import { count, duration, flag, groupName, object, secret, size, words } from "./schema-fields.ts"
import { GroupObject, Models } from "./schema-group.ts"
import { Provider } from "./schema-provider.ts"
import { RequestTimeouts, retries } from "./schema-timeouts.ts"

const CallerKey = t.Union([
  secret("A key that callers send."),
  object({
    key: secret("The key that callers send."),
    name: t.String({
      minLength: 1,
      description: "Shown in logs and in the usage table instead of the key.",
    }),
    groups: t.Optional(
      t.Array(groupName("Name of a group."), {
        description: "Groups that this key may use.",
        defaultText: "every group and `provider/model`",
      }),
    ),
    tags: words("Tags that every request with this key has, beside its own."),
    region: t.Optional(
      t.String({
        minLength: 1,
        description: "Region that every request with this key stays in.",
        defaultText: "anywhere",
      }),
    ),
  }),
])

/** The whole config, as written in the file. Unknown keys are errors. */
export const ConfigSchema = object(
  {
    $schema: t.Optional(
      t.String({ description: "Where the JSON Schema is, for editors of JSON and YAML configs." }),
    ),
    providers: t.Record(t.String(), Provider, {
      description: "Accounts at LLM vendors, by the name that groups use.",
    }),
    groups: t.Optional(
      t.Record(t.String(), t.Union([Models, GroupObject]), {
        description:
          "The model names that callers use: a list is tried in order, an object says more.",
        default: {},
      }),
    ),
    defaultGroup: t.Optional(
      t.String({
        kind: "group",
        description: 'The group for requests without a model, or with `"auto"`.',
        defaultText: "the first group",
      }),
    ),
    unknownModel: t.Optional(
      t.Union(
        [
          t.Literal("error", { description: "404 with near matches." }),
          t.Literal("default", { description: "The default group, with a warning in the log." }),
        ],
        { description: "What a model name that does not exist gets.", default: "error" },
      ),
    ),
    exposeModels: flag("Whether `/v1/models` also lists `provider/model` names.", false),
    server: t.Optional(
      object(
        {
          host: t.Optional(
            t.String({
              description: "Address to listen on. `HOST` and `--host` win.",
              defaultText: "`127.0.0.1` without caller keys, else `0.0.0.0`",
            }),
          ),
          port: t.Optional(
            t.Integer({
              minimum: 0,
              maximum: 65535,
              description: "Port to listen on. `PORT` and `--port` win; 0 takes any free one.",
              default: 8080,
            }),
          ),
          cors: t.Optional(
            t.Union(
              [
                t.Boolean(),
                object({
                  origins: t.Array(t.String(), {
                    description: 'Allowed origins, such as `https://chat.example.com`, or `"*"`.',
                  }),
                }),
              ],
              {
                description: "Whether browsers on other origins may call: all, none, or a list.",
                default: false,
              },
            ),
          ),
          drain: duration("How long streams in flight may take to finish after SIGTERM.", "30s"),
          keepAlive: duration(
            "Silence after which a stream's caller gets a keepalive; `0s` is never. The first one commits the status 200.",
            "15s",
          ),
          compression: flag("Whether answers that do not stream are compressed.", true),
          headers: flag("Whether answers carry `x-llmrouter-*` headers.", true),
          workers: t.Optional(
            t.Union([t.Integer({ minimum: 1, maximum: MOST_WORKERS }), t.Literal("auto")], {
              description:
                "Processes that share the port, each on a core of its own; `auto` is one for each core. `--workers` wins.",
              default: 1,
            }),
          ),
        },
        { description: "The listener." },
      ),
    ),
    auth: t.Optional(
      object(
        {
          keys: t.Optional(
            t.Array(CallerKey, {
              description:
                "Keys that callers must send. Without a list, only this machine is served, and no web page of another.",
              default: [],
            }),
          ),
          adminKey: t.Optional(secret("Key of the admin API. Never a caller's key.")),
        },
        { description: "Who may call." },
      ),
    ),
    timeouts: t.Optional(RequestTimeouts("Time limits of requests and their attempts.")),
    retries,
    cooldown: t.Optional(
      object(
        {
          network: duration("After a connection error or a timeout.", "10s"),
          rateLimit: duration("After 429 without `Retry-After`.", "60s"),
          server: duration("After 5xx or an answer that makes no sense.", "30s"),
          auth: duration(
            "After 401 or 403: the first pause, which doubles until a probe succeeds.",
            "30s",
          ),
          authMax: duration("Longest pause between probes of a rejected key.", "10m"),
          missing: duration("After 404 of the model.", "5m"),
        },
        { description: "How long a channel rests, by what went wrong." },
      ),
    ),
    breaker: t.Optional(
      object(
        {
          failures: count("Consecutive failures that open it; 0 does not count them.", 5),
          rate: t.Optional(
            t.Number({
              minimum: 0,
              maximum: 1,
              description: "Share of failures in `window` that opens it; 0 does not count it.",
              default: 0.5,
            }),
          ),
          window: duration("How far back `rate` looks.", "30s"),
          minimum: count("Attempts in the window before `rate` counts.", 20, 1),
          recovery: duration(
            "How long a recovered deployment's share of the traffic takes to grow back.",
            "30s",
          ),
          open: duration("How long it stays open before one probe; doubles each time.", "30s"),
          maxOpen: duration("Longest time that it stays open.", "5m"),
        },
        { description: "The circuit breaker of each deployment." },
      ),
    ),
    limits: t.Optional(
      object(
        {
          body: size("Largest request body.", "64mb"),
          response: size(
            "Largest answer that is held in memory, as the text of a translated stream is, too.",
            "128mb",
          ),
          media: size("Largest image or document that is fetched for an upstream.", "20mb"),
        },
        { description: "Sizes that are refused." },
      ),
    ),
    fetchMedia: t.Optional(
      t.Union(
        [
          t.Literal("public", { description: "From public addresses only." }),
          t.Literal("any", { description: "Also from private networks and this machine." }),
          t.Literal(false, {
            description: "Never: such requests go to other deployments, or fail.",
          }),
        ],
        {
          description:
            "Where images and documents may be fetched from, for upstreams that take no URLs.",
          default: "public",
        },
      ),
    ),
    storage: t.Optional(
      t.Union(
        [
          t.Literal(false, { description: "Keeps no usage at all." }),
          object({
            path: t.Optional(
              t.String({
                description: "SQLite file, relative to the config file.",
                default: ".llmrouter/llmrouter.db",
              }),
            ),
            keepAnswers: duration(
              "How long answers are kept for `previous_response_id` and the like; `0s` keeps none.",
              "30d",
            ),
          }),
        ],
        {
          description: "Where usage and answers are kept.",
          default: { path: ".llmrouter/llmrouter.db" },
        },
      ),
    ),
    log: t.Optional(
      object(
        {
          level: t.Optional(
            t.Union(
              ["debug", "info", "warn", "error", "silent"].map((level) => t.Literal(level)),
              { description: "Least important line that is written.", default: "info" },
            ),
          ),
          format: t.Optional(
            t.Union(
              ["auto", "pretty", "json"].map((format) => t.Literal(format)),
              { description: "`auto` is pretty on a terminal, else JSON.", default: "auto" },
            ),
          ),
        },
        { description: "The log." },
      ),
    ),
  },
  { description: "Config of LLM Router." },
)

export type { RouteDoc } from "./document.ts"
export { documentation } from "./documentation.ts"
export { operationDocs } from "./operations.ts"
export { routeDocs } from "./routes.ts"

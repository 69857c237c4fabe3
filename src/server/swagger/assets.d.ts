declare module "swagger-ui-dist/swagger-ui-bundle.js" {
  /** Path of the file; inside the binary a path of its own file system. */
  const path: string
  export default path
}

declare module "swagger-ui-dist/swagger-ui.css" {
  const path: string
  export default path
}

declare module "swagger-ui-dist/favicon-32x32.png" {
  const path: string
  export default path
}

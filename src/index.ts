export { defineConfig, env, file } from "./config/define.ts"

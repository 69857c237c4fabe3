// A file of its own, so that the package can be loaded late, and is the one that the build packs.
export { calcPrice, findProvider } from "@pydantic/genai-prices"

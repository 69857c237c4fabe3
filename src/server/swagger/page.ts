/** The page. Everything is relative, so that it works below a reverse proxy's path too. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>LLM Router API</title>
<link rel="icon" type="image/png" href="swagger/assets/icon.png">
<link rel="stylesheet" href="swagger/assets/ui.css">
<link rel="stylesheet" href="swagger/assets/page.css">
</head>
<body>
<noscript>This page needs JavaScript. The OpenAPI document is at <a href="swagger/json">/swagger/json</a>.</noscript>
<div id="swagger-ui"></div>
<script src="swagger/assets/ui.js" defer></script>
<script src="swagger/assets/page.js" defer></script>
</body>
</html>
`

/**
 * Starts Swagger UI. `validatorUrl: null` keeps its badge from calling a public service. The plugin
 * leaves the empty fields of a form out, which Swagger UI would send.
 */
export const PAGE_SCRIPT = `"use strict"
const leaveEmptyOut = () => ({
  wrapComponents: {
    ParameterIncludeEmpty: (Original, system) => (props) =>
      system.React.createElement(Original, {
        ...props,
        isIncludedOptions: { ...props.isIncludedOptions, defaultValue: false },
      }),
  },
})
window.ui = SwaggerUIBundle({
  url: new URL("swagger/json", location.href).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [leaveEmptyOut],
})
`

export const PAGE_STYLE = `
:root { --ink: #1d2430; --soft: #5c6675; --line: #e3e7ee; --accent: #2f5bea; }
body { margin: 0; background: #fff; }
noscript { display: block; padding: 2rem; font: 1rem system-ui, sans-serif; }
.swagger-ui, .swagger-ui.swagger-ui :is(h2, h3, h4, h5, p, li, label, small, th, td, .btn, input, select, .parameter__name, .opblock-tag, .opblock-summary-description, .opblock-summary-method) {
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
.swagger-ui :is(.info .title, .opblock-tag, .opblock-section-header h4, .parameter__name) { color: var(--ink); }
.swagger-ui .wrapper { max-width: 1080px; }
.swagger-ui .info { margin: 2.5rem 0 1.5rem; }
.swagger-ui .info .title small { background: var(--soft); }
.swagger-ui .info .title small.version-stamp { background: var(--accent); }
.swagger-ui .info a { color: var(--accent); }
.swagger-ui .scheme-container { box-shadow: none; border-bottom: 1px solid var(--line); padding: 0 0 1.25rem; margin: 0 0 1rem; }
.swagger-ui .filter .operation-filter-input { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; }
.swagger-ui .opblock-tag { border-bottom-color: var(--line); font-size: 1.15rem; }
.swagger-ui .opblock-tag small { color: var(--soft); }
.swagger-ui .opblock { box-shadow: none; border-radius: 6px; margin-bottom: 0.5rem; }
.swagger-ui .opblock .opblock-summary-method { border-radius: 4px; text-shadow: none; min-width: 64px; }
.swagger-ui .btn { box-shadow: none; border-radius: 6px; }
.swagger-ui .btn.authorize, .swagger-ui .btn.execute { border-color: var(--accent); color: var(--accent); }
.swagger-ui .btn.execute { background: var(--accent); color: #fff; }
.swagger-ui .btn.authorize svg { fill: var(--accent); }
.swagger-ui .opblock.opblock-post { border-color: #b9c7f5; background: #f6f8fe; }
.swagger-ui .opblock.opblock-post .opblock-summary { border-color: #b9c7f5; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: var(--accent); }
.swagger-ui .opblock.opblock-get { border-color: #bfe0d0; background: #f5fbf8; }
.swagger-ui .opblock.opblock-get .opblock-summary { border-color: #bfe0d0; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1f8a5b; }
.swagger-ui section.models { border-color: var(--line); border-radius: 6px; }
`

// Starts Swagger UI, and sends a CSRF token with each request that needs one. A front end would fetch it once and keep it in
// memory; a page that people leave open for days fetches one each time.
"use strict";

async function fetchCsrfToken() {
  const response = await fetch("../auth/csrf", { credentials: "include" });
  if (!response.ok) throw new Error(`GET /auth/csrf answered ${response.status}`);
  return (await response.json()).csrfToken;
}

window.ui = SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0, // the schemas stay folded: each operation shows its own
  displayRequestDuration: true,
  persistAuthorization: false, // an access token belongs in memory
  tryItOutEnabled: true,
  validatorUrl: null, // the default one would send the contract to another host
  withCredentials: true,
  presets: [SwaggerUIBundle.presets.apis],
  requestInterceptor: async (request) => {
    const reads = request.loadSpec || (request.method || "GET").toUpperCase() === "GET";
    if (!reads && !request.headers["X-CSRF-Token"]) request.headers["X-CSRF-Token"] = await fetchCsrfToken();
    return request;
  },
});

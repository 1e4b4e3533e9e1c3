// Starts Swagger UI, and sends the CSRF token with each request as a front end would: fetched once, kept in memory, renewed
// when the service says that it is no longer good.
"use strict";

let csrfToken = null;

async function fetchCsrfToken() {
  const response = await fetch("/auth/csrf", { credentials: "include" });
  if (!response.ok) throw new Error(`GET /auth/csrf answered ${response.status}`);
  return (await response.json()).csrfToken;
}

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false, // an access token belongs in memory
  tryItOutEnabled: true,
  validatorUrl: null, // the default one would send the contract to another host
  withCredentials: true,
  presets: [SwaggerUIBundle.presets.apis],
  requestInterceptor: async (request) => {
    if (request.loadSpec || (request.method || "GET").toUpperCase() === "GET") return request;
    if (!request.headers["X-CSRF-Token"]) {
      csrfToken ??= await fetchCsrfToken();
      request.headers["X-CSRF-Token"] = csrfToken;
    }
    return request;
  },
  responseInterceptor: (response) => {
    if (response.status === 403) csrfToken = null;
    return response;
  },
});

// Starts Swagger UI for people who try the service: what the page does by itself is not asked for, and answers stay short.
"use strict";

const API = new URL("..", document.baseURI).href.replace(/\/$/, ""); // also where the service is mounted below a path

// As the system is, also when it changes while the page is open.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// A front end would fetch a token once and keep it in memory; a page that people leave open for days fetches one each time.
async function fetchCsrfToken() {
  const response = await fetch(`${API}/auth/csrf`, { credentials: "include" });
  if (!response.ok) throw new Error(`GET /auth/csrf answered ${response.status}`);
  return (await response.json()).csrfToken;
}

const needsCsrfToken = (method) => !["GET", "HEAD", "OPTIONS"].includes((method || "GET").toUpperCase());

// ---- The contract as this page shows it: one host, and of the credentials the one that a person has to bring.

function forThisPage(contract) {
  const schemes = contract.components.securitySchemes;
  const brought = (requirement) => Object.fromEntries(Object.entries(requirement).filter(([name]) => schemes[name]?.type === "http"));
  const alternatives = (security) => {
    const left = security.map(brought);
    const unique = new Map(left.map((requirement) => [JSON.stringify(requirement), requirement]));
    return [...unique.values()].some((requirement) => Object.keys(requirement).length > 0) ? [...unique.values()] : [];
  };
  const operations = (item) =>
    Object.fromEntries(Object.entries(item).map(([key, value]) => [key, value?.security ? { ...value, security: alternatives(value.security) } : value]));
  return {
    ...contract,
    servers: [{ url: API }],
    security: alternatives(contract.security ?? []),
    paths: Object.fromEntries(Object.entries(contract.paths).map(([path, item]) => [path, operations(item)])),
    components: {
      ...contract.components,
      securitySchemes: Object.fromEntries(Object.entries(schemes).filter(([, scheme]) => scheme.type === "http")),
    },
  };
}

// ---- Lines of shell that do what the button did: cookies in a jar, and a CSRF token that belongs to them.

const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
const DONE_BY_THE_LINES = new Set(["x-csrf-token", "cookie"]);

function oneLine(body) {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}

function curlLines(request) {
  const method = request.get("method").toUpperCase();
  const body = request.get("body");
  const headers = Object.entries(request.get("headers")?.toJS() ?? {}).filter(([name]) => !DONE_BY_THE_LINES.has(name.toLowerCase()));
  const lines = ["JAR=${JAR:-$(mktemp)}"];
  if (needsCsrfToken(method)) {
    lines.push(
      `CSRF=$(curl -s -b "$JAR" -c "$JAR" ${quote(`${API}/auth/csrf`)} | sed -E 's/.*"csrfToken": *"([^"]+)".*/\\1/')`,
    );
  }
  const parts = [`curl -b "$JAR" -c "$JAR" -X ${method} ${quote(request.get("url"))}`];
  if (needsCsrfToken(method)) parts.push(`-H "X-CSRF-Token: $CSRF"`);
  parts.push(...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`));
  if (typeof body === "string" && body !== "") parts.push(`-d ${quote(oneLine(body))}`);
  return [...lines, parts.join(" \\\n  ")].join("\n");
}

function Latchkey(system) {
  const { React, Im } = system;
  const h = React.createElement;

  function Curl({ request }) {
    const [copied, setCopied] = React.useState(false);
    const lines = curlLines(request);
    const copy = () => navigator.clipboard.writeText(lines).then(() => setCopied(true), () => setCopied(false));
    return h(
      "div",
      { className: "curl-command" },
      h("h4", null, "Curl"),
      h("p", { className: "hint" }, "Works as it stands in a shell. Lines pasted into one terminal share a cookie jar, as the requests of a browser do."),
      h("pre", { className: "curl microlight", tabIndex: 0 }, h("code", null, lines)),
      navigator.clipboard && h("button", { type: "button", className: "btn copy", onClick: copy }, copied ? "Copied" : "Copy"),
    );
  }

  // Its link stands inside a button, where no other control may be.
  const PlainText = ({ text }) => h("span", null, text);

  // The codes of an error response, whatever its schema is made of.
  function codesIn(schema) {
    if (!Im.Map.isMap(schema)) return [];
    const own = schema.getIn(["properties", "code", "enum"]);
    const parts = ["oneOf", "anyOf", "allOf"].flatMap((key) => schema.get(key)?.toArray() ?? []);
    return [...(own?.toArray() ?? []), ...parts.flatMap(codesIn)];
  }

  // A documented response in one line, and the whole of it for who opens it: an operation has a dozen.
  const response = (Original) =>
    function Response(props) {
      const media = props.response.get("content")?.first();
      const codes = [...new Set(codesIn(media?.get("schema")))];
      const [open, setOpen] = React.useState(false);
      const id = React.useId();
      const description = (props.response.get("description") ?? "").split("\n")[0];
      return h(
        React.Fragment,
        null,
        h(
          "tr",
          { className: "response-line" },
          h("td", { className: "response-line-status" }, props.code),
          h(
            "td",
            { colSpan: 2 },
            h(
              "button",
              { type: "button", "aria-expanded": open, "aria-controls": id, onClick: () => setOpen(!open) },
              codes.length > 0 ? codes.map((code) => h("code", { key: code }, code)) : h("span", null, description),
            ),
          ),
        ),
        open && h("tr", { id, className: "response-whole" }, h("td", { colSpan: 3 }, h("table", { className: "responses-table" }, h("tbody", null, h(Original, props))))),
      );
    };

  return {
    statePlugins: { spec: { wrapActions: { updateJsonSpec: (update) => (contract) => update(forThisPage(contract)) } } },
    wrapComponents: { curl: () => Curl, response, ServersContainer: () => () => null, DeepLink: () => PlainText },
  };
}

// ---- Names for what Swagger UI leaves unnamed to a screen reader.

const NAMES = {
  ".close-modal": "Close",
  "textarea.body-param__text": "Request body",
  "select.examples-select-element": "Example",
};

function name(root) {
  for (const [selector, label] of Object.entries(NAMES)) {
    for (const element of root.querySelectorAll(`${selector}:not([aria-label])`)) element.setAttribute("aria-label", label);
  }
  // What it is called must contain what is written on it, or nobody can say it to a voice control.
  for (const button of root.querySelectorAll(".auth-container button[aria-label]")) button.removeAttribute("aria-label");
}

const root = document.getElementById("swagger-ui");
new MutationObserver(() => name(root)).observe(root, { childList: true, subtree: true });

window.ui = SwaggerUIBundle({
  url: `${API}/openapi.json`,
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelRendering: "example",
  defaultModelsExpandDepth: 0, // the schemas stay folded: each operation shows its own
  displayRequestDuration: true,
  persistAuthorization: false, // an access token belongs in memory
  plugins: [Latchkey],
  presets: [SwaggerUIBundle.presets.apis],
  queryConfigEnabled: false, // nobody's link may have this page send requests elsewhere
  syntaxHighlight: { theme: dark.matches ? "nord" : "idea" },
  tryItOutEnabled: true,
  validatorUrl: null, // the default one would send the contract to another host
  withCredentials: true,
  requestInterceptor: async (request) => {
    if (!request.loadSpec && needsCsrfToken(request.method)) request.headers["X-CSRF-Token"] = await fetchCsrfToken();
    return request;
  },
});

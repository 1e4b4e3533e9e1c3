import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

/**
 * Two ways to reach the service:
 *
 * - by default the page calls it on its own origin, port 8000 of the same host, with CORS and credentials;
 * - with `--mode one-origin` the page calls its own origin, and Vite passes /auth on, as a reverse proxy would in production.
 */
export default defineConfig(({ mode }) => {
  const { LATCHKEY_URL = "http://127.0.0.1:8000" } = loadEnv(mode, process.cwd(), "LATCHKEY_");
  const oneOrigin = mode === "one-origin";
  const server = {
    host: "127.0.0.1",
    strictPort: true,
    // With the host that the browser used: the service compares it with the page's origin.
    proxy: oneOrigin ? { "/auth": { target: LATCHKEY_URL, changeOrigin: false } } : {},
  };
  return {
    plugins: [react()],
    define: { __ONE_ORIGIN__: JSON.stringify(oneOrigin) },
    resolve: { dedupe: ["axios"] },
    server: { ...server, port: 5173 },
    preview: { ...server, port: 4173 },
  };
});

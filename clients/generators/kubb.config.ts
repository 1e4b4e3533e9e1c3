import { defineConfig } from "@kubb/core";
import { pluginClient } from "@kubb/plugin-client";
import { pluginOas } from "@kubb/plugin-oas";
import { pluginTs } from "@kubb/plugin-ts";
import { pluginZod } from "@kubb/plugin-zod";

// Kubb takes no arguments. Imports without ".ts", which TypeScript takes only where a setting allows it.
export default defineConfig({
  input: { path: process.env["CONTRACT"] ?? "../../openapi/auth.yaml" },
  output: { path: "generated/kubb", clean: true, format: false, lint: false, extension: { ".ts": "" } },
  plugins: [pluginOas(), pluginTs(), pluginZod(), pluginClient({ client: "fetch" })],
});

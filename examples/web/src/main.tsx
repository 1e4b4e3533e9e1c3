import { LatchkeyProvider } from "@latchkey/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./app.tsx";
import { latchkey } from "./latchkey.ts";
import "./styles.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <BrowserRouter>
      <LatchkeyProvider client={latchkey}>
        <App />
      </LatchkeyProvider>
    </BrowserRouter>
  </StrictMode>,
);

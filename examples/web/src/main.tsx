import "./arrival.ts";
import { LatchkeyProvider } from "@latchkey/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./app.tsx";
import { StepUpProvider } from "./components/step-up.tsx";
import { ConfigProvider } from "./config.tsx";
import { latchkey } from "./latchkey.ts";
import "./styles.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <BrowserRouter>
      <LatchkeyProvider client={latchkey}>
        <ConfigProvider>
          <StepUpProvider>
            <App />
          </StepUpProvider>
        </ConfigProvider>
      </LatchkeyProvider>
    </BrowserRouter>
  </StrictMode>,
);

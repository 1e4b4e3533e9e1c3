// Loaded into the embedded Supabase before its own code: when the parent is gone, however it went, the pipe on
// standard input closes, and this process goes too.
process.stdin.on("close", () => process.exit(0)).on("error", () => process.exit(0)).resume();

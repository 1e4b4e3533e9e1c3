"""`uvicorn bench.peers.fastapi_unit.main:app`."""

from fastapi import FastAPI

from bench.peers.fastapi_common import install
from bench.peers.fastapi_unit.auth import router

app = FastAPI(title="The course unit as written")
install(app)
app.include_router(router)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}

"""A network says truthfully whether it can serve."""

from tests.factories.network import Network


async def test_a_founded_network_is_ready(network: Network) -> None:
    assert (await network.http.get("/healthz")).json() == {"status": "ok"}
    assert (await network.http.get("/readyz")).status_code == 200
    network.app.state.draining = True
    answer = await network.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "draining"})


async def test_an_unknown_route_is_a_problem_document(network: Network) -> None:
    answer = await network.http.get("/v1/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "no_such_route"

// Frames the agent's page, tells it who the requester is, and asks the service on its behalf: Zendesk's proxy puts the key
// into the request, so that the key is never in the browser.

const ASKED = ["/v1/readout", "/v1/feedback"];
const WHO = { ticket_sidebar: "ticket.requester.email", new_ticket_sidebar: "ticket.requester.email", user_sidebar: "user.email" };

const client = ZAFClient.init();
const frame = document.getElementById("readout");

async function start() {
  const [{ settings }, { location }] = await Promise.all([client.metadata(), client.context()]);
  const server = new URL(settings.server).origin;
  window.addEventListener("message", (event) => {
    if (event.source === frame.contentWindow && event.origin === server) heard(event.data ?? {}, server, WHO[location]);
  });
  for (const changed of ["ticket.requester.email.changed", "ticket.requester.id.changed"]) client.on(changed, () => tellWho(server, WHO[location]));
  frame.src = `${server}/agent`;
}

const post = (server, kind, said) => frame.contentWindow.postMessage({ retaliationRisk: kind, ...said }, server);

async function tellWho(server, path) {
  const found = await client.get(path);
  if (found[path]) post(server, "who", { email: found[path] });
}

async function heard(said, server, path) {
  if (said.retaliationRisk === "ready") {
    post(server, "hello", { through: true });
    await tellWho(server, path);
  } else if (said.retaliationRisk === "ask" && ASKED.includes(said.path)) {
    post(server, "answer", { id: said.id, ...(await throughProxy(server, said)) });
  } else if (said.retaliationRisk === "ask") {
    post(server, "answer", { id: said.id, status: 404, body: null });
  }
}

async function throughProxy(server, { path, body }) {
  const options = {
    url: `${server}${path}`, type: "POST", contentType: "application/json", data: JSON.stringify(body),
    headers: { "X-API-Key": "{{setting.api_key}}" }, secure: true, httpCompleteResponse: true,
  };
  try {
    const answer = await client.request(options);
    return { status: answer.status ?? 200, body: answer.responseJSON ?? answer };
  } catch (refused) {
    return { status: refused.status, body: refused.responseJSON ?? null };
  }
}

start();

// Runs before textual.js, which connects when the page is loaded: the socket is where the page is.
const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
const terminal = document.getElementById("terminal");
terminal.dataset.sessionWebsocketUrl = `${scheme}//${window.location.host}/ws`;

// Keys go to the terminal from the start, and a click beside its text must not take them away.
const focus = () => terminal.querySelector("textarea")?.focus();
window.addEventListener("load", () => setTimeout(focus, 0));
terminal.addEventListener("click", focus);

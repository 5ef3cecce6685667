// A page for members that the browser kept is asked for again if somebody else has logged in since, or nobody is. What was
// typed into it stays otherwise, also where the session only has to be refreshed.
addEventListener("pageshow", async ({ persisted }) => {
  if (!persisted) return;
  const member = document.getElementById("member");
  member.hidden = true;
  try {
    const answer = await fetch("/me", { headers: { accept: "application/json" } });
    const { userId, message } = await answer.json();
    const same = userId === member.dataset.user;
    if (same || message === "try refresh token") member.hidden = false;
    else location.reload();
  } catch {
    // Nobody says whose page this may be: it stays hidden until the server answers.
    location.reload();
  }
});

// A second click while a form is under way sends nothing; a server that never answers gets another one in the end.
let sent = 0;
addEventListener("submit", (event) => {
  if (Date.now() - sent < 10_000) event.preventDefault();
  else sent = Date.now();
});
addEventListener("pageshow", () => (sent = 0));

// A page for members that the browser kept is asked for again if somebody else has logged in since, or nobody is. What was
// typed into it stays otherwise, also where the session only has to be refreshed.
addEventListener("pageshow", async ({ persisted }) => {
  if (!persisted) return;
  const answer = await fetch("/me", { headers: { accept: "application/json" } });
  const { userId, message } = await answer.json();
  const same = userId === document.getElementById("member").dataset.user;
  if (!same && message !== "try refresh token") location.reload();
});

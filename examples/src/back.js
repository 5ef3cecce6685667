// A page for members that the browser kept is asked for again: somebody may have signed out since.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

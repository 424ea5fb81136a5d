// Telegram's answer stands behind the #: take it out of the address and send it as a form.
(() => {
  "use strict";
  const form = document.getElementById("telegram");
  const found = /[#&]tgAuthResult=([A-Za-z0-9_=-]+)/.exec(location.hash);
  history.replaceState(null, "", location.pathname);
  form.elements.answer.value = found ? found[1] : "";
  form.requestSubmit();
})();

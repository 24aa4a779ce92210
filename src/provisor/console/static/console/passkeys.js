// Passkeys: django-allauth's functions do the work; here they are given their elements, which its own pages do by an
// inline script that our policy forbids. What fails is said on the page.
const functions = window.allauth.webauthn.forms;

for (const mark of document.querySelectorAll("template[data-passkey]")) {
  const { passkey, passkeyKind, passkeyButton, passkeyField } = mark.dataset;
  const ids = { [passkeyKind]: passkeyButton, credential: passkeyField };
  const given = document.getElementById("passkey_options");
  if (given) ids.data = given.id;
  functions[passkey]({ ids });
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.querySelector("[data-passkey-error]");
  place.className = "notice notice-error";
  place.textContent = place.dataset.passkeyError;
  place.hidden = false;
});

// The preview of what is printed: options apply at once, and what was just recorded is printed.
{
  const options = document.querySelector(".bar .opts");
  options?.addEventListener("change", () => options.requestSubmit());
  if (document.body.hasAttribute("data-print")) {
    document.fonts.ready.then(() => print());
  }
}

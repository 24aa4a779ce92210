// data-zone: a hidden field that tells the server in which time zone the days of the form are meant.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
for (const field of document.querySelectorAll("input[data-zone]")) field.value = timeZone || "";

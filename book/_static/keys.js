/* The theme takes the focus from its buttons when they are pressed. That helps who points; who
   uses the keyboard stays where they were. */
document.addEventListener('click', (event) => {
  const button = event.target.closest('.theme-switch-button, .primary-toggle, .secondary-toggle');
  const byKeyboard = event.detail === 0;
  if (button && byKeyboard && !document.querySelector('dialog[open]')) button.focus({preventScroll: true});
});

/** While it is not known who is signed in. It appears only when that takes long enough to wonder. */
export function Waiting() {
  return (
    <div className="waiting" role="status">
      <span className="spinner" aria-hidden="true" />
      <span className="spoken">Loading</span>
    </div>
  );
}

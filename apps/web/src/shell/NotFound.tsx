import { Link } from '@tanstack/react-router';
import { Empty } from '../components/Failure.tsx';

export function NotFound() {
  return (
    <Empty
      sentence="There is no such page."
      action={
        <Link className="btn" to="/">
          Go to the overview
        </Link>
      }
    />
  );
}

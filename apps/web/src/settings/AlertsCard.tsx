import { useCrumbs } from '../shell/breadcrumbs.ts';
import { AlertList } from './AlertList.tsx';
import { ChannelsCard } from './ChannelsCard.tsx';
import { RulesCard } from './RulesCard.tsx';

/** Who is told, and what there was to tell. */
export function AlertsCard() {
  useCrumbs({ title: 'Settings', to: '/settings/keys' }, { title: 'Alerts' });
  return (
    <div className="col">
      <ChannelsCard />
      <RulesCard />
      <AlertList />
    </div>
  );
}

/** Events with the same attributes, counted. */
export interface GroupCount {
  readonly group: Readonly<Record<string, string>>;
  readonly count: number;
}

/** How much of the selection, and of everything, one value of an attribute makes up. */
export interface ValueShare {
  readonly value: string;
  readonly selected: number;
  readonly all: number;
  /** 0 to 1. */
  readonly selectedShare: number;
  readonly allShare: number;
}

export interface AttributeShares {
  readonly attribute: string;
  /** Those with most of the selection first; values that the selection does not have are left out. */
  readonly values: readonly ValueShare[];
  /** The value that the selection has more of than all data by the most. */
  readonly top: ValueShare | undefined;
  /** How different the selection is from all data in this attribute: 0 the same, 1 nothing in common. */
  readonly distance: number;
}

/** Compares a selection with all data, attribute by attribute; the one that tells them apart best comes first. */
export function compareShares(
  selection: readonly GroupCount[],
  all: readonly GroupCount[],
  attributes: readonly string[],
): AttributeShares[] {
  const compared = attributes.map((attribute) => sharesOf(attribute, selection, all));
  return compared.toSorted((a, b) => b.distance - a.distance);
}

function sharesOf(attribute: string, selection: readonly GroupCount[], all: readonly GroupCount[]): AttributeShares {
  const [inSelection, inAll] = [countBy(attribute, selection), countBy(attribute, all)];
  const [selectedTotal, allTotal] = [totalOf(inSelection), totalOf(inAll)];
  const names = new Set([...inSelection.keys(), ...inAll.keys()]);
  let distance = 0;
  let top: ValueShare | undefined;
  const values: ValueShare[] = [];
  for (const value of names) {
    const [selected, everything] = [inSelection.get(value) ?? 0, inAll.get(value) ?? 0];
    const share: ValueShare = {
      value,
      selected,
      all: everything,
      selectedShare: selectedTotal === 0 ? 0 : selected / selectedTotal,
      allShare: allTotal === 0 ? 0 : everything / allTotal,
    };
    distance += Math.abs(share.selectedShare - share.allShare) / 2;
    if (selected === 0) continue;
    values.push(share);
    if (top === undefined || excess(share) > excess(top)) top = share;
  }
  values.sort((a, b) => b.selected - a.selected || a.value.localeCompare(b.value));
  return { attribute, values, top, distance: selectedTotal === 0 ? 0 : distance };
}

const excess = ({ selectedShare, allShare }: ValueShare) => selectedShare - allShare;

function countBy(attribute: string, groups: readonly GroupCount[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { group, count } of groups) {
    const value = group[attribute] ?? '';
    counts.set(value, (counts.get(value) ?? 0) + count);
  }
  return counts;
}

const totalOf = (counts: ReadonlyMap<string, number>) => counts.values().reduce((sum, count) => sum + count, 0);

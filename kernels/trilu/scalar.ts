// trilu: keeps column − row ≥ diagonal (upper) or ≤ diagonal (lower) of each matrix, zero elsewhere; elements of 1, 4 or 8
// bytes. The specification of the family, and all of it.
import { TriluParams } from "./params";

export function trilu__scalar(p: TriluParams): void {
  if (p.elementBytes == 8) keep<u64>(p);
  else if (p.elementBytes == 4) keep<u32>(p);
  else keep<u8>(p);
}

function keep<T>(p: TriluParams): void {
  let at: usize = 0;
  for (let matrix = 0; matrix < p.batch; matrix++) {
    for (let row = 0; row < p.rows; row++) {
      for (let column = 0; column < p.columns; column++) {
        const place = column - row;
        const kept = p.upper != 0 ? place >= p.diagonal : place <= p.diagonal;
        store<T>(p.output + at, kept ? load<T>(p.input + at) : <T>0);
        at += sizeof<T>();
      }
    }
  }
}

/** The parameter block of the vcompare families is that of the vbinary families. */
export { BinaryParams as CompareParams } from "../vbinary/params";

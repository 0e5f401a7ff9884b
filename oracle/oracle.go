// Package oracle decides who saw what. No verdict of it rests on a status code,
// a body length or a language model: reads are decided by witness values, which
// only the owner's view holds, looked for in the raw reply and its decodings;
// writes by the owner's read-back. Each probe has four controls: the owner on
// the object, the attacker on an object that does not exist, the attacker on an
// object of their own, and the anonymous caller.
//
// [Find], [Shape], [Judge] and [Diff] are pure. [Read], [Update], [Delete] and
// [CreateInto] run whole probes over a trial.
package oracle

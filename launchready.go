// Package launchready is the vocabulary of Launch Ready: the scorecard's rows
// and checks, the target they are put to, and what they find. It imports the
// standard library only; every other package speaks its words.
//
// A [Row] of the scorecard holds [Check] values. The audit runs a check as a
// [Trial] against a [Target]: the check sends requests through the trial's
// [Client] as an [Account], addresses objects of the [Stage], and ends in
// outcomes that carry [Evidence]. Outcomes roll up into a [Report].
package launchready

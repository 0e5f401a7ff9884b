package main

import (
	"github.com/spf13/cobra"
)

func (p *program) planVerb() *cobra.Command    { return &cobra.Command{Use: "plan"} }
func (p *program) doctorVerb() *cobra.Command  { return &cobra.Command{Use: "doctor"} }
func (p *program) cleanupVerb() *cobra.Command { return &cobra.Command{Use: "cleanup"} }

// Package auditor watches what runs, and tells what it finds: as metrics, as reports of OpenReports, as events and in the
// log. Nothing here delays a review: the server hands over what is to be told, and goes on.
//
// Auditor and Events are runnables of controller-runtime's manager that need no leader election of it: a manager
// that loses its lease ends the process, and with it a replica that answers reviews. The Auditor, which works in one replica
// at a time, has an election of its own, and takes part in it again whenever it has lost.
package auditor

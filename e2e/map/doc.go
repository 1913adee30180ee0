// Package pagemap opens the page of kubectl polymoat map in Chromium. It is a module of its own: the protocol of a browser
// is no dependency of polymoat's.
package pagemap

// Package arch holds no code: its test keeps the import rules of the house, and prints the reason where one is broken.
package arch

"""Before anything is sent: what would be sent of a workbook, in which operations, frozen on disk."""

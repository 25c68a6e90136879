"""The evaluation as people see it: what was asked, one table for page and workbook, charts, the workbook itself."""

"""What writing into an existing workbook needs: the package copied byte for byte, its parts, their XML."""

from . import res_company, retention, anonymise, kept, kept_file

# Prints the periods of django-downtime 1.x that are not over as a downtime.yml for 2.0. Run it while the project still
# has 1.x and the Django that goes with it, 1.11 to 2.2:
#
#     python manage.py shell < periods_of_1.py > downtime.yml
#
# With USE_TZ the times have an offset; without it they are local times in TIME_ZONE, as they are in the database.
from django.db.models import F, Q
from django.utils import timezone
from downtime.models import Period

# A period without a start, or one that ends before it starts, has never taken a site down.
to_come = Q(end_time=None) | Q(end_time__gt=F("start_time"), end_time__gte=timezone.now())
print("periods:")
for period in Period.objects.filter(to_come, start_time__isnull=False).order_by("start_time"):
    print("  - start: %s" % period.start_time)
    if period.end_time is not None and period.end_time.year <= 9900:  # a later one means that there is none
        print("    end: %s" % period.end_time)
    if not period.enabled:
        print("    enabled: false")
